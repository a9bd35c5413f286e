package corpus

import (
	"math/rand/v2"
	"strings"
)

// culture is how a part of the newly arrived children is named. Spellings of one name stand in one entry, apart by "|", the passport's
// first; an underscore stands for a space.
type culture struct {
	name         string
	percent      int // of all children
	surnames     []string
	girls, boys  []string
	twoSurnames  bool    // a father's and a mother's; an office may take one for the whole
	secondGiven  float64 // how often there is a second given name, which an office may leave out
	exchanged    float64 // how often surname and given name stand in each other's field, in a hundred records
	otherCountry string
}

var cultures = []culture{
	{name: "arabic", percent: 5, secondGiven: 0.3, exchanged: 4, otherCountry: "EG",
		surnames: strings.Fields(`Mohamed|Mohammed|Muhammad|Mohamad Ahmed|Ahmad Mahmoud|Mahmud|Mahmood Ibrahim|Ibraheem|Ebrahim
			Hassan|Hasan Ali|Aly El_Sayed|Elsayed|Al_Sayed|El_Said Abdelrahman|Abd_El_Rahman|Abdel_Rahman|Abdurrahman Youssef|Yousef|Yusuf
			Mostafa|Mustafa|Moustafa Khalil|Khaleel|Halil El_Amrani|Elamrani|Al_Amrani Benali|Ben_Ali|Bin_Ali Haddad|Hadad|El_Haddad
			Saleh|Salah|Salih Osman|Othman|Uthman Soliman|Suleiman|Sulaiman Gaber|Jaber|Jabir Fathy|Fathi Abdallah|Abdullah|Abdalla
			Bouazza|Buazza Chaoui|Shawi|Chawi Mansour|Mansur Nasser|Naser|Nassir Shehata|Chehata|Shihata`),
		girls: strings.Fields(`Mariam|Maryam|Meriem Fatima|Fatma|Fatema Aya|Ayah Nour|Noor|Nur Malak|Malek Salma|Selma Sara|Sarah
			Yasmine|Yasmin|Jasmine Amina|Aminah Hiba|Heba Khadija|Khadijah|Hadija Jana|Janna Rahma|Rahmah Zeinab|Zainab|Zaynab Hagar|Hajar`),
		boys: strings.Fields(`Mohamed|Mohammed|Muhammad|Mohamad Ahmed|Ahmad Youssef|Yousef|Yusuf|Iusef Omar|Umar Adam|Adem Ali|Aly
			Abdelrahman|Abd_El_Rahman|Abdel_Rahman Ziad|Ziyad|Zied Karim|Kareem Hamza|Hamzah Mahmoud|Mahmud Yassin|Yaseen|Yasin
			Anas|Anass Khaled|Khalid Ibrahim|Ibraheem Amir|Ameer Marwan|Marouan Seif|Saif|Sayf`)},
	{name: "chinese", percent: 3, secondGiven: 0, exchanged: 15, otherCountry: "CN",
		surnames: strings.Fields(`Hu Chen Zhang Wang Lin Zhou Li Ye Wu Huang Xu Jin Liu Zhu Yang Xia Zheng Pan Zhao Sun Dong Xiang Ji Cai Lü|Lu|Lyu|Lv Qiu He Mao Shan Weng`),
		girls: strings.Fields(`Xin_Yi|Xinyi|Xin-yi Jia_Yi|Jiayi|Jia-yi Si_Yu|Siyu Yu_Tong|Yutong Zi_Han|Zihan Meng_Qi|Mengqi Xiao_Yan|Xiaoyan
			Ke_Xin|Kexin Ling|Ling Yi_Nuo|Yinuo Jing_Yi|Jingyi Mei_Lin|Meilin Wen_Jing|Wenjing Nü_Ying|Nuying|Nvying Yue|Yue`),
		boys: strings.Fields(`Zi_Hao|Zihao|Zi-hao Hao_Yu|Haoyu Jun_Jie|Junjie|Jun-jie Yi_Chen|Yichen Yu_Xuan|Yuxuan Xiao_Ming|Xiaoming
			Jia_Hao|Jiahao Ming_Ze|Mingze Wei|Wei Bo_Wen|Bowen Tian_Yu|Tianyu Chen_Xi|Chenxi Jian|Jian Zhi_Yuan|Zhiyuan Le|Le`)},
	{name: "spanish", percent: 4, twoSurnames: true, secondGiven: 0.6, exchanged: 2, otherCountry: "PE",
		surnames: strings.Fields(`García|Garcia Rodríguez|Rodriguez|Rodrigues González|Gonzalez|Gonzales Quispe Flores Sánchez|Sanchez
			Rojas Díaz|Diaz Vásquez|Vasquez|Vazquez Mendoza Castillo Chávez|Chavez|Chaves Ramos Espinoza|Espinosa Huamán|Huaman|Guaman
			Torres Gutiérrez|Gutierrez López|Lopez Ramírez|Ramirez Martínez|Martinez|Martines Peña|Pena Núñez|Nunez|Nuñez|Nugnez
			Muñoz|Munoz Cevallos|Zevallos Alarcón|Alarcon Velásquez|Velasquez|Velazquez Paredes Salazar Valverde|Balverde Ibáñez|Ibanez`),
		girls: strings.Fields(`María|Maria Camila|Camilla Valentina Luciana Alessandra|Alexandra Milagros Sofía|Sofia Fernanda Xiomara|Jiomara
			Brianna|Briana Nicole|Nicol Ariana|Arianna Daniela Génesis|Genesis Yamileth|Jamilet|Yamilet`),
		boys: strings.Fields(`José|Jose Luis|Luiz Carlos Juan Ángel|Angel Sebastián|Sebastian Mateo|Matteo Thiago|Tiago Gael Jhon|John|Jon
			Jesús|Jesus Leonel|Lionel Alexander|Alexánder Matías|Matias Dayron|Dairon Kevin`)},
	{name: "bengali", percent: 3, secondGiven: 0.5, exchanged: 8, otherCountry: "BD",
		surnames: strings.Fields(`Hossain|Hossen|Hussain|Hosen Islam|Eslam Rahman|Rahaman Ahmed|Ahmmed|Ahmad Miah|Mia|Miya Begum|Begom
			Akter|Akther|Aktar|Akhter Uddin|Udin Chowdhury|Choudhury|Chaudhury Khan Sarker|Sarkar Hasan|Hassan Ali Khatun|Khatoon Sikder|Sikdar
			Alam Mollah|Molla Bhuiyan|Bhuyan|Bhuiya Talukder|Talukdar Das Haque|Hoque|Haq`),
		girls: strings.Fields(`Sumaiya|Sumaya|Somaiya Fatema|Fatima Jannat|Jannatul Ayesha|Aisha|Ayesa Nusrat|Nusrath Sadia|Sadiya Tasnim|Tasneem
			Maliha|Malihah Farzana|Farjana Mim|Meem Israt|Esrat Raisa|Raysa Tania|Taniya`),
		boys: strings.Fields(`Md_Rakib|Rakib|Mohammad_Rakib Md_Arif|Arif|Mohammed_Arif Tanvir|Tanveer Sakib|Shakib Md_Imran|Imran Rafi|Rafee
			Abdullah|Abdulla Mahin|Maheen Siam|Siyam Md_Hasan|Hasan Fahim|Faheem Sabbir|Sabir Nayeem|Naim|Nayem Yeasin|Yasin`)},
	{name: "russian", percent: 3, otherCountry: "RU", exchanged: 2,
		surnames: strings.Fields(`Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков Алексеев Лебедев
			Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров Зайцев Соловьёв Борисов Яковлев Григорьев
			Чернышёв Щукин Жуков Юдин Хохлов Цветков Шишкин Объедков Быков Рыжов`)},
}

// drawn is one spelling of an entry; which counts from the passport's.
func drawn(entry string, which int) string {
	all := strings.Split(entry, "|")
	return strings.ReplaceAll(all[which%len(all)], "_", " ")
}

// another is a spelling by an office: the passport's as often as not.
func another(r *rand.Rand, entry string) string {
	if r.IntN(2) == 0 {
		return drawn(entry, 0)
	}
	return drawn(entry, r.IntN(8))
}
